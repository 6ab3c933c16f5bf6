"""An application of somebody else's: it knows nothing of d9d_lr but one line of its configuration."""

import os
import sys
from pathlib import Path

import hydra

BASE = {"version_base": None} if hydra.__version__.startswith("1.3.") else {}  # Hydra 1.4 warns of it


@hydra.main(**BASE, config_path="conf", config_name="main")
def main(cfg):
    with Path(cfg.out, "times_run").open("a") as file:
        file.write("x")
    match cfg.behave:
        case "raise":
            raise ValueError("the well is dry") from KeyError("water")
        case "break":
            raise GeneratorExit("odd")
        case "chdir":
            Path("elsewhere").mkdir(exist_ok=True)
            os.chdir("elsewhere")
        case "_exit":
            os._exit(0)
        case "exit":
            sys.exit(4)
    return cfg.rate * cfg.model.width


if __name__ == "__main__":
    main()
