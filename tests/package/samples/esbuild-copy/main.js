import { define } from 'faceid-liveness/slim';

define();
document.querySelector('#start').addEventListener('click', () => document.querySelector('faceid-liveness').start({ bizToken: 'token' }));
