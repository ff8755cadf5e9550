"""Where steps run: the one place that chooses."""

import dagster as dg

EXECUTORS = {
    # A step of its own process costs seconds of imports, so one process for all is the default.
    "in_process": dg.in_process_executor,
    "multiprocess": dg.multiprocess_executor,
}


def executor_named(name: str) -> dg.ExecutorDefinition:
    """
    Return the executor called *name*: `in_process` or `multiprocess`.

    Raises:
        ValueError: If there is no such executor.
    """
    if name not in EXECUTORS:
        raise ValueError(f"no executor is called {name!r}; expected one of {', '.join(EXECUTORS)}")
    return EXECUTORS[name]
