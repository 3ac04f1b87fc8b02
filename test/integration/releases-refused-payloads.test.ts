import { describeRefused } from '../support/releases/describe-refused.ts';
import { PAYLOADS } from './releases-refused/payloads.ts';

// A file of its own, since files run side by side.
describeRefused('payloads that are no good', PAYLOADS);
