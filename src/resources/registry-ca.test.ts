import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ControllerError } from '../base/controller-error.ts';
import { readRegistryCA, renderRegistryCA } from './registry-ca.ts';

const FOLDER = new URL('testdata/registry-ca/', import.meta.url);
/** Two certificates. */
const PEM = readFileSync(new URL('ca.crt', FOLDER), 'utf8');
const [ONE = ''] = PEM.split(/(?<=END CERTIFICATE-----\n)/);
const HOST = 'registry-with-port.example.com:5000';
// Not a key; what is between is not looked at.
const KEY = `-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0IHNlY3JldA==\n-----END EC PRIVATE KEY-----\n`;

function failure(text: string, host = HOST): ControllerError {
  try {
    readRegistryCA('ca.crt', text, host);
  } catch (error) {
    if (error instanceof ControllerError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('the registry’s CA', () => {
  it('is in a ConfigMap for the UpdateService and for nodes', async () => {
    const files = renderRegistryCA(readRegistryCA('ca.crt', PEM, HOST));
    for (const [name, text] of files) {
      await expect(text).toMatchFileSnapshot(fileURLToPath(new URL(name, FOLDER)));
      expect(parseYaml(text)).toMatchObject({
        data: { 'updateservice-registry': PEM, 'registry-with-port.example.com..5000': PEM },
      });
    }
    expect([...files.keys()]).toEqual(['registry-ca-configmap.yaml']);
  });

  it.each([
    { host: 'registry.example.com', key: 'registry.example.com' },
    { host: 'localhost:443', key: 'localhost..443' },
    { host: '10.0.0.1:5000', key: '10.0.0.1..5000' },
  ])('is for $host under the key $key', ({ host, key }) => {
    expect(readRegistryCA('ca.crt', PEM, host).hostKey).toBe(key);
  });

  it.each([
    { what: 'text around certificates', text: `subject=CN\n${ONE}trailing\n` },
    { what: 'line ends of Windows', text: ONE.replaceAll('\n', '\r\n') },
    { what: 'no line end at the end', text: ONE.trimEnd() },
    { what: 'indented lines', text: ONE.replaceAll(/^/gm, '  ') },
    { what: 'one long line', text: ONE.replaceAll(/(?<=[\w+/=]{64})\n(?!-)/g, '') },
  ])('is the same bytes of a file with $what', ({ text }) => {
    expect(readRegistryCA('ca.crt', text, HOST).certificates).toBe(ONE);
  });

  it.each([
    { what: 'a private key', text: PEM + KEY, says: /private key/ },
    { what: 'a private key first', text: KEY + PEM, says: /private key/ },
    {
      what: 'a private key that does not end',
      text: `${PEM}${KEY.slice(0, -30)}`,
      says: /private/,
    },
    {
      what: 'an encrypted key',
      text: KEY.replaceAll('EC PRIVATE', 'ENCRYPTED PRIVATE'),
      says: /private key/,
    },
    {
      what: 'a public key',
      text: PEM + KEY.replaceAll('EC PRIVATE', 'PUBLIC'),
      says: /a block PUBLIC KEY/,
    },
    { what: 'nothing', text: '', says: /no certificate in PEM form/ },
    {
      what: 'a certificate in DER form',
      text: '0\u0082\u0001\u00b60',
      says: /no certificate in PEM/,
    },
    { what: 'half a certificate', text: PEM + ONE.slice(0, 300), says: /cannot be read, number 3/ },
    {
      what: 'a certificate that is none',
      text: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      says: /cannot be read, number 1/,
    },
    { what: 'a whole system’s certificates', text: ONE.repeat(200), says: /more than 100/ },
    {
      what: 'boundaries without end',
      text: '-----BEGIN A-----\n'.repeat(5000),
      says: /a block A/,
    },
  ])('is refused with $what', ({ text, says }) => {
    const { code, message, hint } = failure(text);
    expect(code).toBe('SETTINGS_INVALID');
    expect(message).toMatch(says);
    expect(message).toContain('resources.registryCAFile ca.crt');
    expect(`${message} ${hint ?? ''}`).not.toContain('c2VjcmV0');
  });

  it('is refused for an address that no key of a ConfigMap can be', () => {
    expect(failure(PEM, '[fd00::1]:5000').message).toContain('[fd00::1]:5000');
  });

  it('leaves a key out that is no block of its own', () => {
    const { certificates } = readRegistryCA('ca.crt', `x ${KEY}${ONE}`, HOST);
    expect(certificates).toBe(ONE);
  });
});
