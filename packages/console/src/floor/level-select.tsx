import { NodeSelect } from '../frame/node-select.tsx';
import { texts } from '../texts.ts';

interface LevelSelectProps {
  /** The level that is open. */
  except: string;
  /** Its name. */
  shown: string;
  onChoose: (levelId: string) => void;
}

/** Leads to another level. */
export default function LevelSelect(props: LevelSelectProps) {
  return <NodeSelect kind="level" label={texts.floor.level} {...props} />;
}
