import type { PlaceKind } from './plan.ts';
import { GLYPHS, type State } from './states.ts';

/** The symbol of a state, for a drawing. Without a state, that of a desk. */
export function Glyph({ state }: { state: State | undefined }) {
  if (state === undefined)
    return <rect className="glyph plain" x="-7" y="-6" width="14" height="12" rx="2.5" />;
  const { outline, sign, isSolid } = GLYPHS[state];
  return (
    <>
      <path className={`glyph ${state}${isSolid ? ' solid' : ''}`} d={outline} />
      {sign && <path className={`sign ${state}${isSolid ? ' solid' : ''}`} d={sign} />}
    </>
  );
}

interface PlaceIconProps {
  kind: PlaceKind;
  state: State | undefined;
}

/** The symbol of a place beside its name: that of its state, else of its kind. Screen readers do not read it. */
export function PlaceIcon({ kind, state }: PlaceIconProps) {
  return (
    <svg className="state-icon" viewBox="-11 -11 22 22" aria-hidden="true" focusable="false">
      {kind === 'place' || state !== undefined ? (
        <Glyph state={state} />
      ) : (
        <rect className={`area-icon ${kind}`} x="-9" y="-7" width="18" height="14" />
      )}
    </svg>
  );
}

/** The symbol of a state beside its word. Screen readers do not read it. */
export function StateIcon({ state }: { state: State }) {
  return <PlaceIcon kind="place" state={state} />;
}
