import { Component, type ReactNode } from 'react';
import { Failure } from './failure.tsx';

interface BoundaryProps {
  /** Another value shows the children again. */
  resetKey: string;
  children: ReactNode;
}

interface BoundaryState {
  error?: unknown;
  resetKey?: string;
}

/** Shows a failure in place of a page that cannot be drawn, or whose code cannot be loaded. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = {};

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error };
  }

  static getDerivedStateFromProps({ resetKey }: BoundaryProps, state: BoundaryState): BoundaryState | null {
    return state.resetKey === resetKey ? null : { resetKey, error: undefined };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <Failure error={error} retry={() => window.location.reload()} />;
  }
}
