import { needs } from '../support/needs.ts';
import { contractOfAll } from './contract.ts';

await contractOfAll('Java', needs('javac'));
