import { describe, expect, it } from 'vitest';
import { parseDuration, parseInteger, parseSwitch } from './parse-flag-value.ts';

describe('parseDuration', () => {
  it.each([
    { text: '0', ms: 0 },
    { text: '-0', ms: 0 },
    { text: '500ms', ms: 500 },
    { text: '1m30s', ms: 90_000 },
    { text: '1.5h', ms: 5_400_000 },
    { text: '.5s', ms: 500 },
    { text: '-1s', ms: -1000 },
    { text: '+2s', ms: 2000 },
    { text: '1ns', ms: 1e-6 },
    { text: '2µs', ms: 0.002 },
  ])('reads $text as $ms ms', ({ text, ms }) => {
    expect(Math.abs(parseDuration('--x', text) - ms)).toBeLessThan(1e-9);
  });

  it.each([
    { text: '5', reason: 'time: missing unit in duration "5"' },
    { text: '1.5', reason: 'time: missing unit in duration "1.5"' },
    { text: 'soon', reason: 'time: invalid duration "soon"' },
    { text: '', reason: 'time: invalid duration ""' },
    { text: '5 s', reason: 'time: invalid duration "5 s"' },
    { text: '1d', reason: 'time: invalid duration "1d"' },
  ])('refuses "$text"', ({ text, reason }) => {
    expect(() => parseDuration('--retry-delay', text)).toThrow(
      `invalid argument "${text}" for "--retry-delay" flag: ${reason}`,
    );
  });
});

describe('parseInteger', () => {
  const bounds = { min: -5, max: 10 };

  it.each([
    { text: '10', value: 10 },
    { text: '-5', value: -5 },
    { text: '+3', value: 3 },
  ])('reads $text', ({ text, value }) => {
    expect(parseInteger('--x', text, bounds)).toBe(value);
  });

  it.each(['', 'one', '1.0', '11', '-6', '1e1', '9999999999999999'])('refuses "%s"', (text) => {
    expect(() => parseInteger('--x', text, bounds)).toThrow(`invalid argument "${text}"`);
  });
});

describe('parseSwitch', () => {
  it.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('reads %s as on', (text) => {
    expect(parseSwitch('--x', text)).toBe(true);
  });

  it.each(['0', 'f', 'F', 'false', 'FALSE', 'False'])('reads %s as off', (text) => {
    expect(parseSwitch('--x', text)).toBe(false);
  });

  it.each(['', 'yes', 'tRUE'])('refuses "%s"', (text) => {
    expect(() => parseSwitch('--x', text)).toThrow('invalid argument');
  });
});
