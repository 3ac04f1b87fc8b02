import { describeRefused } from '../support/releases/describe-refused.ts';
import { SELECTION } from './releases-refused/selection.ts';

// A file of its own, since files run side by side.
describeRefused('channels and graphs that are no good', SELECTION);
