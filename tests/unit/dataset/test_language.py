"""A guess at the language by script and small words: right for a sentence or two, silent where it cannot tell."""

import pytest

from shared.core.dataset.language import language_of


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The hub is on the wall, and you can press it with your hand."),
        ("de", "Der Hub ist an der Wand, und Sie können ihn mit der Hand drücken; das ist nicht schwer."),
        ("fr", "Le boîtier est sur le mur et vous pouvez appuyer avec la main, mais pas dans la nuit."),
        ("es", "El aparato está en la pared y no se puede mover con la mano, como los demás."),
        ("it", "Il dispositivo è nella parete e non si può muovere con la mano, come gli altri della casa."),
        ("pt", "O aparelho está na parede e não pode ser movido com a mão, como você disse, mas para quem?"),
        ("nl", "Het apparaat is aan de muur en je kan het niet met een hand op de grond drukken."),
        ("sv", "Det är inte svårt att flytta den, och du kan trycka på den med handen för att se."),
        ("pl", "To urządzenie jest na ścianie i nie może się ruszać, ale jak to zrobić z tego?"),
        ("tr", "Bu cihaz duvarda ve bir el ile basmak için çok kolay değil, ama nasıl?"),
        ("ja", "ハブは壁にあります。手で押してください。"),
        ("zh", "集线器在墙上，请用手按一下。"),
        ("ko", "허브는 벽에 있습니다. 손으로 누르세요."),
        ("ru", "Устройство висит на стене, нажмите на него рукой."),
        ("ar", "الجهاز على الحائط، اضغط عليه بيدك."),
        ("hi", "उपकरण दीवार पर है, इसे हाथ से दबाएं।"),
        (None, "Rillo 3000"),
        (None, ""),
        (None, "12 + 30 = 42 🎉"),
    ],
)
def test_the_language_is_told(language, text):
    assert language_of(text) == language
