import 'faceid-liveness/element';

document.querySelector('#start').addEventListener('click', () => document.querySelector('faceid-liveness').start({ bizToken: 'token' }));
