'use client';
import { useRef } from 'react';
import { FaceIdLiveness } from 'faceid-liveness/react';

export default function Page() {
  const element = useRef(null);
  return (
    <main>
      <button id="start" type="button" onClick={() => element.current.start()}>Start</button>
      <FaceIdLiveness ref={element} tokenProvider={async () => 'token'} lang="en" />
    </main>
  );
}
