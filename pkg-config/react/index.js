'use client';
/** `<FaceIdLiveness>` for React 16.8 and newer: properties and listeners as props, the element as the ref. */
import { createElement, forwardRef, useEffect, useRef } from 'react';
import '../element/index.js';

/** Prop → event of the element. */
export const EVENTS = {
  onReady: 'ready', onUnsupported: 'unsupported', onPermission: 'permission', onPrompt: 'prompt', onProgress: 'progress', onUpload: 'upload', onAction: 'action',
  onGuidance: 'guidance', onSubmit: 'submit', onResult: 'result', onError: 'error', onCancel: 'cancel', onRetry: 'retry', onAlternativeRequested: 'alternative-requested',
};
const PROPERTIES = ['tokenProvider', 'options', 'recordedVoice'];

export const FaceIdLiveness = forwardRef(function FaceIdLiveness(props, ref) {
  const own = useRef(null);
  /** The newest props, so that listeners need not be taken off and on at every render. */
  const latest = useRef(props);
  latest.current = props;
  const attributes = {};
  for (const [name, value] of Object.entries(props)) {
    if (name in EVENTS || PROPERTIES.includes(name)) continue;
    // Booleans are attributes that are there or not; React before 19 would write "true".
    if (value !== false && value !== null && value !== undefined) attributes[name] = value === true ? '' : value;
  }
  useEffect(() => {
    const element = own.current;
    const off = new AbortController();
    for (const [prop, type] of Object.entries(EVENTS)) element.addEventListener(type, (event) => latest.current[prop]?.(event), { signal: off.signal });
    return () => off.abort();
  }, []);
  useEffect(() => {
    for (const name of PROPERTIES) if (props[name] !== undefined) own.current[name] = props[name];
  });
  const keep = (element) => {
    own.current = element;
    if (typeof ref === 'function') ref(element);
    else if (ref) ref.current = element;
  };
  return createElement('faceid-liveness', { ...attributes, ref: keep });
});
