/** A list of names, written as a text. */
const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** The elements of SVG that draw something and can neither run code nor change by themselves nor load anything. */
export const ELEMENTS = names(`
  svg g defs symbol use switch title desc style path rect circle ellipse line polyline polygon text tspan textPath image
  linearGradient radialGradient stop pattern clipPath mask marker filter
  feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight
  feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset
  fePointLight feSpecularLighting feSpotLight feTile feTurbulence`);

/** The elements whose text is part of the drawing, or describes it. */
export const TEXT_ELEMENTS = names('title desc text tspan textPath');

/** The properties of a drawing. Each may be an attribute, or stand in a style. */
export const PROPERTIES = names(`
  alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters
  color-rendering direction display dominant-baseline enable-background fill fill-opacity fill-rule filter flood-color
  flood-opacity font font-family font-feature-settings font-kerning font-size font-size-adjust font-stretch font-style
  font-variant font-variant-alternates font-variant-caps font-variant-ligatures font-variant-numeric
  font-variant-position font-variation-settings font-weight glyph-orientation-horizontal glyph-orientation-vertical
  image-rendering isolation kerning letter-spacing lighting-color line-height marker marker-end marker-mid marker-start
  mask mask-type mix-blend-mode opacity overflow paint-order shape-rendering stop-color stop-opacity stroke
  stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width
  text-align text-anchor text-decoration text-decoration-color text-decoration-line text-decoration-style text-indent
  text-orientation text-rendering text-transform transform transform-box transform-origin unicode-bidi vector-effect
  visibility white-space word-spacing writing-mode`);

/** Further attributes: geometry, and how the parts of gradients, patterns and filters work together. */
export const ATTRIBUTES = names(`
  amplitude azimuth baseFrequency bias class clipPathUnits cx cy d diffuseConstant divisor dx dy edgeMode elevation
  exponent filterRes filterUnits fr fx fy gradientTransform gradientUnits height id in in2 intercept k1 k2 k3 k4
  kernelMatrix kernelUnitLength lengthAdjust limitingConeAngle media markerHeight markerUnits markerWidth maskContentUnits
  maskUnits method mode numOctaves offset operator order orient pathLength patternContentUnits patternTransform
  patternUnits points pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits r radius refX refY
  requiredExtensions requiredFeatures result rotate rx ry scale seed side slope spacing specularConstant
  specularExponent spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage tableValues targetX
  targetY textLength type values version viewBox width x x1 x2 xChannelSelector y y1 y2 yChannelSelector z`);

/** The functions that a value may call. None of them loads anything; `url` is judged by itself. */
export const FUNCTIONS = names(`
  rgb rgba hsl hsla icc-color device-cmyk matrix matrix3d translate translatex translatey scale scalex scaley rotate skewx
  skewy skew blur brightness contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia circle ellipse inset
  polygon calc`);
