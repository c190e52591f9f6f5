"""The demo: sample variants, experiments and simulated visitors, which show how a service learns.

    import asyncio
    from armful.tools.demo import Scene, play

    scene = Scene(seed=1)
    asyncio.run(play(scene, url="http://127.0.0.1:8000", key="...", seconds=60))
    print(scene.gain, scene.stages["newsletter"].best_share)

How often an offer succeeds is hidden from the service, which has to find out; the scene knows it, and so can say how
much was gained over choosing at random.
"""

from armful.tools.demo._play import NobodyThere, OtherVariants, play
from armful.tools.demo._scene import DAYS, DemoExperiment, Scene, Stage

__all__ = ["DAYS", "DemoExperiment", "NobodyThere", "OtherVariants", "Scene", "Stage", "play"]
