import type { ArmfulError } from "armful-client";
import { Dialog } from "../../ui/dialog";
import { Notice } from "../../ui/notices";

/** Asks whether running experiments should continue without the variant, which a refused archiving named. */
export function RetireDialog({
  reason,
  isPending,
  onRetire,
  onClose,
}: {
  reason: ArmfulError;
  isPending: boolean;
  onRetire: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title="Retire the variant from running experiments?" onClose={onClose}>
      <Notice kind="warning" title="The variant was not archived">
        {reason.detail}
      </Notice>
      <p>
        A retired variant gets no new participants. Its share goes to the other variants, and a new phase begins, with
        results of its own. Its participants are assigned again, and stay in the results of the present phase. Control
        cannot be retired.
      </p>
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button danger"
          aria-disabled={isPending}
          onClick={() => {
            if (!isPending) onRetire();
          }}
        >
          Retire and archive
        </button>
      </div>
    </Dialog>
  );
}
