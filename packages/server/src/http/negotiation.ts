/** An element of Accept or Accept-Encoding, in lower case. */
interface Weighted {
  name: string;
  /** The number of its parameters, without the weight. */
  parameters: number;
  /** 0 to 1; 0 means not acceptable. */
  quality: number;
}

const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * The media range that an Accept header prefers, as `type/subtype` in lower case (RFC 9110 section 12.5.1). The order
 * is by weight, then by precision, then by position. Undefined if nothing is acceptable.
 */
export function preferredRange(accept: string | undefined): string | undefined {
  const [first] = readWeighted(accept)
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || specificity(b) - specificity(a));
  return first?.name;
}

/**
 * The content coding to send (RFC 9110 section 12.5.3): the offered one with the highest weight, and the first of equal
 * ones. Undefined if the header names none of them or prefers no coding.
 */
export function preferredCoding<Coding extends string>(
  acceptEncoding: string | undefined,
  offered: readonly Coding[],
): Coding | undefined {
  const codings = readWeighted(acceptEncoding);
  const stated = (name: string) => codings.find((coding) => coding.name === name)?.quality;
  const qualityOf = (coding: Coding) => stated(coding) ?? stated('*') ?? 0;
  const [best] = offered.toSorted((a, b) => qualityOf(b) - qualityOf(a));
  if (best === undefined || qualityOf(best) === 0) return undefined;
  return qualityOf(best) >= (stated('identity') ?? 0) ? best : undefined;
}

/** The elements of a header, without malformed ones. */
function readWeighted(header = ''): Weighted[] {
  return header.split(',').flatMap((element) => {
    const [name = '', ...rest] = element.split(';').map((part) => part.trim().toLowerCase());
    const weightAt = rest.findIndex((part) => part.startsWith('q='));
    const quality = WEIGHT.exec(rest[weightAt] ?? 'q=1')?.[1];
    if (name === '' || quality === undefined) return [];
    return [{ name, parameters: weightAt === -1 ? rest.length : weightAt, quality: Number(quality) }];
  });
}

function specificity({ name, parameters }: Weighted): number {
  if (name === '*/*') return 0;
  return name.endsWith('/*') ? 1 : 2 + parameters;
}
