import { HttpFailure } from '../http/http-failure.ts';
import type { Challenge } from './parse-challenges.ts';

/** The challenges of a 401. @throws HttpFailure REGISTRY_BROKEN when it has none that we know. */
export function usableChallenges(
  host: string,
  challenges: readonly Challenge[],
): readonly Challenge[] {
  if (challenges.some(({ scheme }) => scheme === 'basic' || scheme === 'bearer')) return challenges;
  const offered = challenges.map(({ scheme }) => scheme).join(', ') || 'nothing';
  throw new HttpFailure(
    'REGISTRY_UNAUTHORIZED',
    `${host} wants authentication and offers ${offered}`,
    {
      remedy: 'wait-for-change',
      again: false,
      hint: 'Basic and Bearer are supported. What stands before the registry may ask for a login of its own.',
    },
  );
}
