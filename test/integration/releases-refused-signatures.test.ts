import { describeRefused } from '../support/releases/describe-refused.ts';
import { SIGNATURES } from './releases-refused/signatures.ts';

// A file of its own, since files run side by side.
describeRefused('signatures that are no good', SIGNATURES);
