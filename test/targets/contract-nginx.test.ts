import { needs } from '../support/needs.ts';
import { contractOfAll } from './contract.ts';

await contractOfAll('nginx', needs('nginx', 'npm'));
