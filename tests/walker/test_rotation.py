"""A short rotation under load: walkers that send mails are replaced and killed, and all is counted."""

from tests.walker.rotation import rotate


def test_nothing_is_lost_and_one_at_a_time_is_replaced_while_walkers_are_killed() -> None:
    found = rotate(
        workers=4, max_age="1s", seconds=0, rotations=10, kills=2, pause=0.5, per_second=20, seed=1, most_mails=150
    )
    assert found.wrong == []
    assert found.rotations >= 10
    assert found.kills >= 2
    assert found.mails > 5
