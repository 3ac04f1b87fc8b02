import { BlockList, isIP } from 'node:net';

/** What NO_PROXY excepts: whether this host and port are reached directly. */
export type NoProxy = (hostname: string, port: number) => boolean;

type Rule = (hostname: string) => boolean;

/**
 * Reads NO_PROXY: names (with their subdomains), `.name` and `*.name` (subdomains alone), addresses, CIDR,
 * `*`; each may have a `:port`. What cannot be read excepts nothing (spec, transfer-engine, 5.6.5).
 */
export function parseNoProxy(text: string): NoProxy {
  const rules = text
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .map(parseEntry);
  return (hostname, port) => {
    const host = bare(hostname.toLowerCase());
    return rules.some(
      (rule) => (rule.port === undefined || rule.port === port) && rule.matches(host),
    );
  };
}

/** `localhost`, 127.0.0.0/8 and ::1, which never go through a proxy (spec, transfer-engine, 5.6.4). */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname.toLowerCase());
  if (isIP(host) === 0) return host === 'localhost';
  return LOOPBACK.check(host, familyOf(host));
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function parseEntry(entry: string): { readonly port: number | undefined; readonly matches: Rule } {
  if (entry === '*') return { port: undefined, matches: () => true };
  const cidr = parseCidr(entry);
  if (cidr !== undefined) return { port: undefined, matches: cidr };
  const { host, port } = splitPort(entry);
  return { port, matches: isIP(host) === 0 ? nameRule(host) : addressRule(host) };
}

function nameRule(name: string): Rule {
  if (name.startsWith('*.')) return nameRule(name.slice(1));
  if (name === '' || name === '.') return () => false;
  if (name.startsWith('.')) return (host) => host.endsWith(name) && host.length > name.length;
  return (host) => host === name || host.endsWith(`.${name}`);
}

function addressRule(address: string): Rule {
  const list = new BlockList();
  list.addAddress(address, familyOf(address));
  return (host) => isIP(host) !== 0 && list.check(host, familyOf(host));
}

function parseCidr(entry: string): Rule | undefined {
  const match = /^(.+)\/(\d{1,3})$/.exec(entry);
  const address = bare(match?.[1] ?? '');
  const bits = Number(match?.[2]);
  if (isIP(address) === 0 || bits > (isIP(address) === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, familyOf(address));
  return (host) => isIP(host) !== 0 && list.check(host, familyOf(host));
}

function splitPort(entry: string): { readonly host: string; readonly port: number | undefined } {
  if (isIP(entry) === 6) return { host: entry, port: undefined };
  const match = /^(.*):(\d{1,5})$/.exec(entry);
  if (match === null) return { host: bare(entry), port: undefined };
  return { host: bare(match[1] ?? ''), port: Number(match[2]) };
}

function bare(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
