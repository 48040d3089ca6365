import { needs } from '../support/needs.ts';
import { holdsWhatItHolds } from './held.ts';

holdsWhatItHolds('Python', needs('python3'), 1);
