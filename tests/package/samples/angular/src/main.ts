import { CUSTOM_ELEMENTS_SCHEMA, Component, ElementRef, viewChild } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { type FaceIdLivenessElement, define } from 'faceid-liveness/slim';

define();

@Component({
  selector: 'app-root',
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <button id="start" type="button" (click)="start()">Start</button>
    <faceid-liveness #check asset-base="faceid"></faceid-liveness>
  `,
})
class App {
  private readonly check = viewChild.required<ElementRef<FaceIdLivenessElement>>('check');

  protected start(): void {
    void this.check().nativeElement.start({ bizToken: 'token' });
  }
}

bootstrapApplication(App);
