// node --test www/text/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import en from './en.js';
import zh from './zh.js';
import { outcomeText } from './lookup.js';

test('a message alone is not the key', () => {
  const authority = outcomeText(en, 53000, 'NO_FACE_FOUND');
  const reference = outcomeText(en, 50400, 'NO_FACE_FOUND:image_ref1');
  assert.notEqual(authority.text, reference.text);
  assert.equal(reference.class, 'http');
  assert.equal(outcomeText(zh, 54200, 'USER_CANCEL').text, zh.outcomes['50000 UNKOWN_ERROR'].text);
});

test('filled placeholders and unknown pairs', () => {
  assert.equal(outcomeText(en, 50400, 'INVALID_IMAGE_SIZEimage_ref2'), en.outcomes['50400 INVALID_IMAGE_SIZE<param>']);
  assert.equal(outcomeText(en, 50400, 'MISSING_ARGUMENTS:'), en.outcomes['50000 UNKOWN_ERROR']);
  assert.equal(outcomeText(en, 57777, 'LATER'), en.outcomes['50000 UNKOWN_ERROR']);
});

test('both languages hold the same keys', () => {
  for (const group of ['outcomes', 'prompts', 'guidance', 'states', 'camera', 'ui']) {
    assert.deepEqual(Object.keys(en[group]), Object.keys(zh[group]), group);
  }
});
