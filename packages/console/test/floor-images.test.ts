import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { floorClient } from '../../server/test/support/floor.ts';
import { makeLondon } from '../../server/test/support/manage.ts';
import { startTestServer, type TestServer } from '../../server/test/support/server.ts';
import { hasBrowser, openBrowser } from './support/browser.ts';

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  if (!hasBrowser) return;
  server = await startTestServer();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Drawings with the structure that each program writes, made for this test. */
const DRAWINGS = {
  Inkscape: `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- Created with Inkscape (http://www.inkscape.org/) -->
<svg width="120mm" height="80mm" viewBox="0 0 120 80" version="1.1" id="svg1" inkscape:version="1.3"
   sodipodi:docname="floor.svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
   xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" xmlns:xlink="http://www.w3.org/1999/xlink"
   xmlns="http://www.w3.org/2000/svg" xmlns:svg="http://www.w3.org/2000/svg">
  <sodipodi:namedview id="view" pagecolor="#ffffff" inkscape:zoom="2"/>
  <defs id="defs1">
    <linearGradient id="lg1" inkscape:collect="always"><stop style="stop-color:#3366cc;stop-opacity:1" offset="0"/><stop style="stop-color:#ffcc00;stop-opacity:0.4" offset="1"/></linearGradient>
    <linearGradient xlink:href="#lg1" id="lg2" x1="10" y1="10" x2="60" y2="40" gradientUnits="userSpaceOnUse"/>
    <pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M 0,0 V 4" style="stroke:#222222;stroke-width:1"/></pattern>
    <clipPath id="clip"><circle cx="90" cy="30" r="15"/></clipPath>
    <filter id="blur" style="color-interpolation-filters:sRGB"><feGaussianBlur stdDeviation="0.8"/></filter>
    <marker id="arrow" orient="auto" markerWidth="4" markerHeight="4" refX="2" refY="2"><path d="M 0,0 4,2 0,4 Z" style="fill:context-stroke"/></marker>
  </defs>
  <g inkscape:label="Walls" inkscape:groupmode="layer" id="layer1" transform="translate(2,2)">
    <rect style="fill:url(#lg2);stroke:#000000;stroke-width:0.8;-inkscape-stroke:none" id="r1" width="60" height="40" x="5" y="5" ry="3"/>
    <rect style="fill:url(#hatch);opacity:0.8" width="40" height="25" x="5" y="48"/>
    <rect clip-path="url(#clip)" width="40" height="40" x="70" y="10" fill="#aa3355"/>
    <circle style="filter:url(#blur);fill:#229944" cx="85" cy="58" r="9"/>
    <path style="fill:none;stroke:#cc0000;stroke-width:1.2;stroke-dasharray:3, 1.5;marker-end:url(#arrow)" d="m 50,50 c 5,-10 20,15 25,5" sodipodi:nodetypes="cc"/>
    <text xml:space="preserve" style="font-size:6px;line-height:1.25;font-family:'DejaVu Sans', sans-serif;-inkscape-font-specification:'DejaVu Sans';fill:#111111" x="8" y="16"><tspan sodipodi:role="line" x="8" y="16">Küche  1</tspan></text>
  </g>
</svg>`,
  Illustrator: `<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
	<!ENTITY ns_extend "http://ns.adobe.com/Extensibility/1.0/">
	<!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">
	<!ENTITY ns_svg "http://www.w3.org/2000/svg">
]>
<svg version="1.1" id="Layer_1" xmlns:x="&ns_extend;" xmlns:i="&ns_ai;" xmlns="&ns_svg;" xmlns:xlink="http://www.w3.org/1999/xlink"
	 x="0px" y="0px" width="360px" height="240px" viewBox="0 0 360 240" style="enable-background:new 0 0 360 240;" xml:space="preserve">
<style type="text/css">
	.st0{fill:#E6E7E8;stroke:#231F20;stroke-miterlimit:10;}
	.st1{fill:none;stroke:#ED1C24;stroke-width:4;stroke-linejoin:round;}
	.st2{clip-path:url(#SVGID_2_);}
	.st3{font-family:'MyriadPro-Regular', sans-serif;} .st4{font-size:18px;}
</style>
<metadata><sfw xmlns="&ns_extend;"><slices/></sfw></metadata>
<switch>
	<foreignObject requiredExtensions="&ns_ai;" x="0" y="0" width="1" height="1"><i:aipgfRef xlink:href="#adobe_illustrator_pgf"/></foreignObject>
	<g i:extraneous="self">
		<rect x="10" y="10" class="st0" width="200" height="120"/>
		<polygon class="st1" points="230,20 340,20 340,120 285,90 230,120 "/>
		<g><defs><rect id="SVGID_1_" x="30" y="150" width="120" height="60"/></defs>
			<clipPath id="SVGID_2_"><use xlink:href="#SVGID_1_" style="overflow:visible;"/></clipPath>
			<g class="st2"><ellipse cx="90" cy="180" rx="80" ry="40" fill="#00A651"/></g></g>
		<text transform="matrix(1 0 0 1 180 190)" class="st3 st4">Meeting &lt;A&gt;</text>
	</g>
</switch>
</svg>`,
  Visio: `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ev="http://www.w3.org/2001/xml-events"
		xmlns:v="http://schemas.microsoft.com/visio/2003/SVGExtensions/" width="4in" height="3in" viewBox="0 0 288 216"
		xml:space="preserve" color-interpolation-filters="sRGB" class="st5">
	<v:documentProperties v:langID="1033" v:viewMarkup="false"/>
	<style type="text/css">
	<![CDATA[
		.st1 {fill:#ffffff;stroke:#41719c;stroke-linecap:round;stroke-linejoin:round;stroke-width:0.75}
		.st2 {fill:#feffff;font-family:Calibri;font-size:1.00001em}
		.st3 {marker-end:url(#mrkr4-10);stroke:#5b9bd5;stroke-width:1}
		.st5 {fill:none;fill-rule:evenodd;font-size:12px;overflow:visible;stroke-linecap:square;stroke-miterlimit:3}
	]]>
	</style>
	<defs id="Markers">
		<g id="lend4"><path d="M 2 1 L 0 0 L 2 -1 L 2 1 " style="stroke:none"/></g>
		<marker id="mrkr4-10" v:arrowType="4" v:arrowSize="2" refX="-7" orient="auto" markerUnits="strokeWidth" overflow="visible"><use xlink:href="#lend4" transform="scale(-3.5,-3.5) "/></marker>
	</defs>
	<g v:mID="0" v:index="1" v:groupContext="foregroundPage">
		<title>Page-1</title>
		<v:pageProperties v:drawingScale="0.0393701" v:pageScale="0.0393701"/>
		<a xlink:href="https://example.com/desk/1"><g id="shape1-1" v:mID="1" v:groupContext="shape" transform="translate(18.12,-128.5)">
			<title>Rectangle</title><desc>Desk 1</desc>
			<v:userDefs><v:ud v:nameU="visVersion" v:val="VT0(15):26"/></v:userDefs>
			<rect x="0" y="144" width="120" height="72" class="st1"/>
			<text x="40" y="184" class="st2" v:langID="1033" style="fill:#123456">Desk 1</text></g></a>
		<g id="shape2-2" v:groupContext="shape" transform="translate(150,-100)"><path d="M0 216 L80 160" class="st3"/></g>
	</g>
</svg>`,
};

test.skipIf(!hasBrowser).each(Object.entries(DRAWINGS))(
  'a drawing as %s writes it looks the same when it is made safe',
  async (_program, drawing) => {
    const client = await floorClient(server);
    const { levelId } = await makeLondon(client);
    const image = await client.image(levelId, drawing, 'image/svg+xml');
    const safe = (await client.inject('GET', `floor-plan-images/${image.imageId}`)).body;
    expect(image.removed.length).toBeGreaterThan(0);
    const page = await browser.newPage({ viewport: { width: 500, height: 400 } });
    try {
      const shown = async (text: string) => {
        const data = `data:image/svg+xml;base64,${Buffer.from(text).toString('base64')}`;
        await page.setContent(`<body style="margin:0;background:#fff"><img alt="" src="${data}"></body>`);
        const size = await page.evaluate(async () => {
          const drawn = document.querySelector('img') as HTMLImageElement;
          await drawn.decode();
          return [drawn.naturalWidth, drawn.naturalHeight];
        });
        return { size, pixels: (await page.screenshot()).toString('base64') };
      };
      const [before, after] = [await shown(drawing), await shown(safe)];
      expect(after.size).toEqual(before.size);
      expect(after.size).toEqual([Math.round(image.width), Math.round(image.height)]);
      expect(after.pixels === before.pixels).toBe(true);
      // The comparison can tell drawings apart.
      expect((await shown(safe.replace('<rect', '<rect transform="translate(3)"'))).pixels).not.toBe(
        before.pixels,
      );
    } finally {
      await page.close();
    }
  },
);
