import { needs } from '../support/needs.ts';
import { contractOfAll } from './contract.ts';

await contractOfAll('Python', needs('pip3', 'python3'));
