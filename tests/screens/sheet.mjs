/** Many pictures on one. */

const source = (image) => `data:image/png;base64,${image.toString('base64')}`;

/** All screens of a set, small, with their names. @returns {Promise<Buffer>} PNG */
export async function contactSheet(browser, { width, height, scheme }, shots) {
  const columns = width > height ? 4 : 7;
  const small = width > height ? 420 : 240;
  const page = await browser.newPage({ viewport: { width: columns * (small + 16) + 16, height: 100 } });
  const [back, ink] = scheme === 'dark' ? ['#000', '#ddd'] : ['#888f96', '#000'];
  await page.setContent(`<style>
    body { margin: 8px; background: ${back}; color: ${ink}; font: 13px sans-serif; display: grid; gap: 0 16px; grid-template-columns: repeat(${columns}, ${small}px); }
    img { width: ${small}px; height: ${Math.round((small * height) / width)}px; display: block; }
    figure { margin: 8px 0; }
  </style>${shots.map(({ name, image }) => `<figure><img src="${source(image)}"><figcaption>${name}</figcaption></figure>`).join('')}`);
  const sheet = await page.screenshot({ fullPage: true });
  await page.close();
  return sheet;
}

/** Phones in a row on a transparent ground, for light and dark pages alike. @returns {Promise<Buffer>} PNG */
export async function threePhones(browser, images) {
  const page = await browser.newPage({ viewport: { width: 860, height: 100 }, deviceScaleFactor: 2 });
  await page.setContent(`<style>
    body { margin: 0; display: flex; align-items: flex-start; justify-content: center; gap: 24px; padding: 4px; }
    img { width: 264px; border-radius: 24px; border: 5px solid #14202a; box-sizing: border-box; }
  </style>${images.map((image) => `<img src="${source(image)}">`).join('')}`);
  const row = await page.screenshot({ fullPage: true, omitBackground: true });
  await page.close();
  return row;
}
