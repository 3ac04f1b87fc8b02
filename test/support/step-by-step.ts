import { setImmediate as turn } from 'node:timers/promises';

/** Somebody whose every request waits for its turn; once killed, none of its requests is made any more. */
export interface Actor {
  readonly name: string;
  /** Waits for the turn. @throws Killed */
  step(request: string): Promise<void>;
  /**
   * Ends the actor, as `kill -9` does. `lands`: its requests that are on their way still arrive; what they
   * return, it never learns.
   */
  kill(lands: boolean): void;
  readonly isKilled: () => boolean;
}

export class Killed extends Error {}

/** Lets many actors act at once, one request at a time, in an order that the test chooses. */
export interface StepByStep {
  /** The requests that were made, for messages. */
  readonly log: readonly string[];
  /** Adds what the test does itself to the log. */
  note(text: string): void;
  actor(name: string): Actor;
  /** Lets one waiting request happen, and what follows from it up to the next ones; false where none waits. */
  step(pick: number, only?: Actor): Promise<boolean>;
  /** Lets requests of one actor happen until it is about to make one that begins so, or none waits. */
  stepUntil(actor: Actor, start: string): Promise<void>;
}

interface Waiting {
  readonly request: string;
  readonly actor: Actor;
  readonly proceed: () => void;
  readonly fail: (error: Error) => void;
}

/** What an actor does between two requests takes no longer. Its streams and queues need a few turns. */
const TURNS = 12;

export function stepByStep(): StepByStep {
  let waiting: Waiting[] = [];
  const log: string[] = [];

  async function untilQuiet(): Promise<void> {
    for (let left = TURNS; left > 0; left -= 1) {
      const before = waiting.length;
      await turn();
      if (waiting.length !== before) left = TURNS;
    }
  }

  async function step(pick: number, only?: Actor): Promise<boolean> {
    await untilQuiet();
    const open = waiting.filter(({ actor }) => only === undefined || actor === only);
    const chosen = open[pick % Math.max(open.length, 1)];
    if (chosen === undefined) return false;
    waiting.splice(waiting.indexOf(chosen), 1);
    log.push(`${chosen.actor.name}: ${chosen.request}`);
    chosen.proceed();
    await untilQuiet();
    return true;
  }

  return {
    log,
    note: (text) => log.push(text),
    step,
    async stepUntil(actor, start) {
      const isThere = (): boolean =>
        waiting.some((one) => one.actor === actor && one.request.startsWith(start));
      await untilQuiet();
      while (!isThere() && (await step(0, actor))) await untilQuiet();
    },
    actor(name) {
      let isKilled = false;
      const actor: Actor = {
        name,
        isKilled: () => isKilled,
        step(request) {
          if (isKilled) return Promise.reject(new Killed(request));
          return new Promise((proceed, fail) => {
            waiting.push({ request, actor, proceed, fail });
          });
        },
        kill(lands) {
          isKilled = true;
          const own = waiting.filter((one) => one.actor === actor);
          waiting = waiting.filter((one) => one.actor !== actor);
          for (const { request, proceed, fail } of own) {
            if (lands) proceed();
            else fail(new Killed(request));
          }
          log.push(`${name} is killed, its last requests ${lands ? 'arrive' : 'are lost'}`);
        },
      };
      return actor;
    },
  };
}
