import { needs } from '../support/needs.ts';
import { holdsWhatItHolds } from './held.ts';

holdsWhatItHolds('C', needs('gcc'), 0.4);
