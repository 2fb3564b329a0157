document.querySelector('#start').addEventListener('click', () => document.querySelector('faceid-liveness').start({ bizToken: 'token' }));
