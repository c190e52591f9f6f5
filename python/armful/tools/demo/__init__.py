"""The demo: sample variants, experiments and simulated visitors. It shows how a service learns.

    import asyncio
    from armful.tools.demo import Scene, play

    scene = Scene(seed=1)
    asyncio.run(play(scene, url="http://127.0.0.1:8000", key="...", seconds=60))
    print(scene.gain, scene.stages["newsletter"].best_share)

The service does not know how often each offer succeeds, and has to find out. The scene knows it, so it can compute how
much the service gains over random choice.
"""

from armful.tools.demo._play import NobodyThere, OtherVariants, play
from armful.tools.demo._scene import DAYS, DemoExperiment, Scene, Stage

__all__ = ["DAYS", "DemoExperiment", "NobodyThere", "OtherVariants", "Scene", "Stage", "play"]
