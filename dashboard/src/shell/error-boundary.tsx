import { Component, type ReactNode } from "react";
import { ErrorNotice } from "../ui/notices";

/** Shows an error in place of a page that fails to render; the menu stays usable. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <ErrorNotice error={error} retry={() => this.setState({ error: null })} />;
  }
}
