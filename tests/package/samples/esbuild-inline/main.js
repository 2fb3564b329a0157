import { define } from 'faceid-liveness/inline';

define();
document.querySelector('#start').addEventListener('click', () => document.querySelector('faceid-liveness').start({ bizToken: 'token' }));
