"""What is said in the measuring sets: sentences full of lips, written for this; none is ever trained on."""

from __future__ import annotations

from .speech_sets.held_out import BOB, HARVARD, OTHER_LANGUAGES

OUR_ENGLISH = (
    "Bring both of my brothers a bowl of pumpkin soup.", "A small brown puppy jumped over the muddy pool.",
    "Have you ever been to a farm above the village?", "My uncle bought a pair of blue rubber boots.",
    "Phone me before five and leave a brief message.", "The baby will wake up if you move the lamp.",
    "Please wrap the vase in a piece of soft paper.", "We both hope the old bus will come on time.",
    "Put the cup back on top of the wooden shelf.", "My father always drove the van very slowly.",
    "Nobody believed a word of the famous poem.", "Fill the empty bottle with warm milk from the pump.",
    "The man in the purple robe lost his umbrella.", "Seven wolves were moving through the valley.",
    "I would love a spoonful of plum jam with my bread.", "The board of the company met above the museum.",
    "Could you open the window and move the piano?", "Some bumblebees flew from bloom to bloom.",
    "Her voice became weak, and her lips went pale.", "The soup of the day is a puree of potatoes and beef.",
    "Two boys rowed the boat home before the storm.", "The moon rose over a field full of poppies.",
    "Pack your map, a rope and a good pair of gloves.", "The mayor of the town promised to improve the roof.",
    "Who put the wet towel on top of my blue book?", "Every Monday he buys five pounds of fresh apples.",
    "Most people prefer the view from the upper balcony.", "The woman polished her shoes with a piece of cloth.",
    "The plumber fixed the pipe below the bath.", "Bob and Mabel were happy to be back home.",
    "Move the broom and the bucket out of my room.", "A few of us saw the comet pass above the cape.",
    "The cook chopped a bunch of beets for supper.", "You may borrow my lamp for half of a month.",
    "The vote was over, and both of them were pleased.", "Never pull the plug out by the cable.",
    "Five million bees produce a barrel of honey.", "Two loaves of bread fell off the back of the wagon.",
    "Maybe the pilot will give us a map of the bay.", "Who would bump into an elephant on the way home?",
)
"""Rich in p, b, m, f, v and rounded vowels."""
ENGLISH = (BOB, *HARVARD, *OUR_ENGLISH)
"""What every voice says."""

_OUR_OTHERS = {
    "es": ("Mañana mi hermano viene a comer paella con pimientos.", "El bebé duerme bajo una manta blanca.",
           "¿Puedes poner el plato sobre la mesa, por favor?"),
    "de": ("Meine Mutter trinkt am liebsten Pfefferminztee.", "Das Baby spielt mit einem bunten Ball.",
           "Im Frühling blühen im Park viele Blumen."),
    "fr": ("Le bébé mange une pomme verte dans sa chambre.", "Ma mère prépare une bonne soupe aux poireaux.",
           "Nous prenons le bus pour aller au musée."),
    "it": ("La mamma prepara il pane per il pranzo.", "Mio fratello beve un bicchiere di latte prima di dormire.",
           "Il treno parte sempre puntuale la mattina."),
    "pl": ("Mama kupuje chleb i mleko w małym sklepie.", "Mój brat bardzo lubi zupę pomidorową.",
           "Pies biega po parku przed domem."),
    "cmn": ("爸爸每天早上跑步。", "妹妹喜欢吃面包和苹果。", "我们明天去买漂亮的毛衣。"),
    "ja": ("まいあさ、ぼくは パンと バナナを たべます。", "ともだちと まちの ほんやで まんがを かいました。",
           "ばんごはんの まえに、かべの ランプを みます。"),
    "hi": ("मेरा भाई बाग में फूल देख रहा है।", "बच्चे पार्क में गेंद से खेलते हैं।", "मुझे आम और केला बहुत पसंद है।"),
    "ar": ("أمي تطبخ البامية في المطبخ.", "البنت تشرب كوب ماء بارد.", "أبي يعمل في مكتب كبير."),
    "ru": ("Бабушка варит вкусный борщ.", "Мой брат любит молоко и булку.", "Папа купил маме большой букет."),
}  # fmt: skip
LANGUAGES = {language: (first, *_OUR_OTHERS[language]) for language, first in OTHER_LANGUAGES.items()}
"""Four sentences of each language that no model of this pack is trained on; Japanese in kana, which espeak-ng reads."""
