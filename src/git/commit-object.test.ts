import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatCommit, parseCommit } from './commit-object.ts';

const ID = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

it('reads back what it writes', () => {
  const time = new Date('2024-05-06T07:08:09Z');
  const commit = {
    tree: ID,
    parents: [ID, ID],
    author: { name: 'Jörg Müller', email: 'j@example.com', time },
    committer: { name: 'controller', email: 'c@localhost', time },
    message: 'Subject\n\nBody: äöü\n',
  };
  expect(parseCommit(formatCommit(commit))).toEqual(commit);
});

it('reads a commit with a signature, another time zone and no author', () => {
  const text = `tree ${ID}\ncommitter A <a@b> 1714979289 -0730\ngpgsig -----BEGIN\n author x\n -----END\n\nHello`;
  expect(parseCommit(Buffer.from(text))).toMatchObject({
    author: { name: '' },
    committer: { name: 'A', email: 'a@b', time: new Date(1_714_979_289_000) },
    message: 'Hello',
  });
});

it('lets no name or address forge a header', () => {
  const time = new Date(0);
  const person = fc.record({ name: fc.string(), email: fc.string(), time: fc.constant(time) });
  fc.assert(
    fc.property(person, (author) => {
      const commit = { tree: ID, parents: [], author, committer: author, message: 'x' };
      const lines = formatCommit(commit).toString('utf8').split('\n');
      expect(lines).toHaveLength(5);
      expect(parseCommit(formatCommit(commit))?.author.time).toEqual(time);
    }),
  );
});

it('takes anything without a tree for no commit', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(parseCommit(bytes)).toBeUndefined();
    }),
  );
});
