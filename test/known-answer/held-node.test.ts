import { holdsWhatItHolds } from './held.ts';

holdsWhatItHolds('Node.js', false, 1);
