import { describe, expect, it } from 'vitest';
import { createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { probeCatalogs } from './probe-catalogs.ts';

const { signal } = new AbortController();

function clientOf(registry: ReturnType<typeof createMemoryRegistry>) {
  return {
    source: ({ repository }: { readonly repository: string }) => registry.source(repository),
  };
}

describe('probeCatalogs', () => {
  it.each([
    { version: '4.20', count: 4 },
    { version: '4.21', count: 4 },
    { version: '4.22', count: 3 },
    { version: '5.0', count: 3 },
  ])('knows $count catalogs of $version', async ({ version, count }) => {
    const client = clientOf(createMemoryRegistry('registry'));

    const catalogs = await probeCatalogs(client, version, signal);

    expect(catalogs).toHaveLength(count);
    expect(catalogs[0]).toEqual({
      reference: `registry.redhat.io/redhat/redhat-operator-index:v${version}`,
      isThere: false,
    });
  });

  it('fails where the registry does not tell', async () => {
    const registry = createMemoryRegistry('registry');
    registry.before = () => {
      throw new ControllerError('REGISTRY_UNAUTHORIZED', 'who are you?', {
        remedy: 'wait-for-change',
      });
    };

    await expect(probeCatalogs(clientOf(registry), '4.20', signal)).rejects.toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
    });
  });
});
