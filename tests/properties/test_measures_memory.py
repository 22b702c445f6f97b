"""The measures of the second pass hold no more for many examples than for some."""

import tracemalloc

from shared.core.base_models import base_model
from shared.core.dataset.second_pass import SeenExample
from shared.core.dataset.text_measures import text_measures


def test_memory_does_not_grow_with_the_number_of_examples():
    measures = text_measures(base_model("Phi-4"))

    def see(examples: range) -> int:
        for number in examples:
            text = f"{number * 7919:x} is the number of what {number} words say " * 8
            messages = (("system", f"System {text}"), ("user", text[::-1]), ("assistant", f"{number} {text}"))
            for measure in measures:
                measure.see(SeenExample(number, messages, 1000, 250, "training"))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    some = see(range(1, 2500))
    many = see(range(2500, 6000))
    tracemalloc.stop()
    assert many - some < 1_500_000  # the texts of the second part alone have three times as many characters
