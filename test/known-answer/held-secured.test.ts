import { needs } from '../support/needs.ts';
import { holdsAsMuchOverTls } from './held.ts';

holdsAsMuchOverTls('Node.js', 'wss', false);
holdsAsMuchOverTls('Python', 'tls', needs('python3'));
