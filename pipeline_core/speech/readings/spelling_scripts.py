"""How letters sound in scripts other than Latin; see `spelling` for the way it is written."""

_SOFT = "#аеёиоуыэюяєіїўьъ'"
_CYRILLIC = ("а=a б=b в=v|f г=ɡ|k д=d ж=ʒ з=z и=i й=j к=k л=l м=m н=n п=p р=r с=s т=t у=u ф=f х=x ц=ʦ ч=ʧ ш=ʃ ы=ɨ ь= ъ= "
             f"э=ɛ о=o е=ɛ ({_SOFT})е=j,ɛ ё=o ({_SOFT})ё=j,o ю=u ({_SOFT})ю=j,u я=a ({_SOFT})я=j,a і=i ј=j '=")

CYRILLIC: dict[str, str] = {
    "ru": _CYRILLIC + f" щ=ɕ а=a|ə о=o|a|ə е=ɛ|i ({_SOFT})е=j,ɛ|i я=a|i ({_SOFT})я=j,a|i ого(#)=o|a|ə,v,o|a|ə его(#)=j?,ɛ|i,v,o|a|ə "
          "тся=ʦ,a|ə ться=ʦ,a|ə (#)что=ʃ,t,o сч=ɕ",
    "uk": _CYRILLIC + f" г=ɦ|h ґ=ɡ и=ɪ ї=j,i є=ɛ ({_SOFT})є=j,ɛ е=ɛ ({_SOFT})е=ɛ щ=ʃ,ʧ в=v|w дз=ʣ дж=ʤ",
    "be": _CYRILLIC + " ў=w г=ɣ|ɦ дз=ʣ дж=ʤ", "bg": _CYRILLIC + " ъ=ɤ|ə щ=ʃ,t е=ɛ дж=ʤ дз=ʣ " + f"({_SOFT})е=ɛ",
    "sr": _CYRILLIC + f" љ=ʎ њ=ɲ ћ=ʨ ђ=ʥ џ=ʤ ({_SOFT})е=ɛ", "mk": _CYRILLIC + f" љ=ʎ њ=ɲ ѓ=ɟ ќ=c џ=ʤ ѕ=ʣ ({_SOFT})е=ɛ",
    "kk": _CYRILLIC + " ә=æ ғ=ɣ қ=q ң=ŋ ө=ø ұ=u ү=y һ=h і=ɪ щ=ɕ",
}  # fmt: skip

_HARD = "θκξπσςτφχψ"
OTHERS: dict[str, str] = {
    "el": f"αι=e ει=i οι=i υι=i ου=u αυ=a,v αυ({_HARD})=a,f ευ=e,v ευ({_HARD})=e,f μπ=m?,b ντ=n?,d γκ=ŋ?,ɡ γγ=ŋ,ɡ γχ=ŋ,x τσ=ʦ τζ=ʣ "
          "α=a β=v γ=ɣ γ(εηιυ)=j δ=ð ε=e ζ=z η=i θ=θ ι=i κ=k λ=l μ=m ν=n ξ=k,s ο=o π=p ρ=r σ=s ς=s τ=t υ=i φ=f χ=x ψ=p,s ω=o "
          "ϊ=i ϋ=i ι(αοωου)=j|i",
    "ka": "ა=a ბ=b გ=ɡ დ=d ე=e ვ=v ზ=z თ=t ი=i კ=k ლ=l მ=m ნ=n ო=o პ=p ჟ=ʒ რ=r ს=s ტ=t უ=u ფ=p ქ=k ღ=ɣ ყ=q შ=ʃ ჩ=ʧ ც=ʦ ძ=ʣ "
          "წ=ʦ ჭ=ʧ ხ=x ჯ=ʤ ჰ=h",
    "hy": "ա=a բ=b գ=ɡ դ=d ե=e (#)ե=j,e զ=z է=e ը=ə թ=t ժ=ʒ ի=i լ=l խ=x ծ=ʦ կ=k հ=h ձ=ʣ ղ=ʁ ճ=ʧ մ=m յ=j ն=n շ=ʃ ո=o (#)ո=v,o "
          "ու=u չ=ʧ պ=p ջ=ʤ ռ=r ս=s վ=v տ=t ր=r ց=ʦ ւ=v փ=p ք=k օ=o ֆ=f և=j?,e,v",
    # Conjoining jamo: first consonants, vowels, last consonants.
    "ko": "ᄀ=k|ɡ ᄁ=k ᄂ=n|l ᄃ=t|d ᄄ=t ᄅ=ɾ|l|n ᄆ=m ᄇ=p|b ᄈ=p ᄉ=s|ʃ ᄊ=s|ʃ ᄋ= ᄌ=ʧ|ʤ ᄍ=ʧ ᄎ=ʧ ᄏ=k ᄐ=t ᄑ=p ᄒ=h? "
          "ᅡ=a ᅢ=ɛ ᅣ=j,a ᅤ=j,ɛ ᅥ=ʌ ᅦ=e ᅧ=j,ʌ ᅨ=j,e ᅩ=o ᅪ=w,a ᅫ=w,ɛ ᅬ=w,e ᅭ=j,o ᅮ=u ᅯ=w,ʌ ᅰ=w,e ᅱ=w,i ᅲ=j,u ᅳ=ɯ ᅴ=ɯ?,i ᅵ=i "
          "ᆨ=k|ɡ ᆨ(ᄂᄆᄅ)=ŋ ᆩ=k|ɡ ᆫ=n|l ᆬ=n,ʤ? ᆭ=n ᆮ=t|d ᆮ(ᄂᄆ)=n ᆯ=l|ɾ ᆰ=l?,k|ɡ? ᆱ=m ᆲ=l?,p? ᆶ=l ᆷ=m ᆸ=p|b ᆸ(ᄂᄆ)=m ᆹ=p,s? "
          "ᆺ=t ᆺ(ᄋ)=s|ʃ ᆺ(ᄂᄆ)=n ᆻ=t? ᆻ(ᄋ)=s|ʃ ᆻ(ᄂᄆ)=n ᆼ=ŋ ᆽ=t ᆽ(ᄋ)=ʤ ᆾ=t ᆾ(ᄋ)=ʧ ᇀ=t ᇁ=p ᇂ=t? ᇂ(ᄋ)=",
    # The letter ə stands for the vowel that a consonant brings along; `spelling` puts it in.
    "hi": "क=k ख=k ग=ɡ घ=ɡ ङ=ŋ च=ʧ छ=ʧ ज=ʤ झ=ʤ ञ=ɲ ट=ʈ ठ=ʈ ड=ɖ ढ=ɖ ण=n त=t थ=t द=d ध=d न=n प=p फ=p|f ब=b भ=b म=m य=j "
          "र=r ऱ=r ल=l ळ=l व=ʋ|w श=ʃ ष=ʃ स=s ह=h? क़=k ख़=x ग़=ɣ ज़=z ड़=ɽ ढ़=ɽ फ़=f क्ष=k,ʃ ज्ञ=ɡ,j अ=ə आ=a इ=ɪ ई=i उ=ʊ ऊ=u ऋ=r,ɪ "
          "ए=e ऐ=ɛ ओ=o औ=ɔ ऍ=ɛ ऑ=ɔ ऎ=e ऒ=o ा=a ि=ɪ ी=i ु=ʊ ू=u ृ=r,ɪ े=e ै=ɛ ो=o ौ=ɔ ॅ=ɛ ॉ=ɔ ॆ=e ॊ=o ं=n|ŋ|m? "
          "ं(पफबभम)=m ँ= ः= ्= ़= ऽ= ə=ə? ə(#)=",
    # Short vowels are not written: one may follow any consonant.
    "ar": "ا=a أ=a إ=i آ=a ٱ=a? ء=ʔ? ئ=ʔ? ؤ=ʔ? ب=b ت=t ث=θ ج=ʤ|ʒ|ɡ ح=h خ=x د=d ذ=ð ر=r ز=z س=s ش=ʃ ص=s ض=d ط=t ظ=ð ع=ʔ? غ=ɣ ف=f ق=q "
          "ك=k ل=l م=m ن=n ه=h و=w|u ي=j|i ى=a ة=t? پ=p چ=ʧ ژ=ʒ گ=ɡ ک=k ی=j|i ے=e ہ=h? ھ= ں=n? ٹ=t ڈ=d ڑ=r (#)ال=a?,l? َ=a ُ=u ِ=i ّ= ْ= ً=a,n ٌ=u,n ٍ=i,n ـ= ə=a|i|u?",
    "he": "א=ʔ? ב=b|v ג=ɡ ד=d ה=h? ו=v|u|o ז=z ח=x ט=t י=j|i כ=k|x ך=x ל=l מ=m ם=m נ=n ן=n ס=s ע=ʔ? פ=p|f ף=f צ=ʦ ץ=ʦ ק=k ר=ʁ "
          "ש=ʃ|s ת=t ə=a|e|o?",
}  # fmt: skip

OTHERS["bn"] = OTHERS["hi"] + " ə=ɔ|o? ə(#)=o|ɔ? अ=ɔ|o आ=a य=ʤ य़=j श=ʃ|s ष=ʃ|s स=ʃ|s व=b"
OTHERS["ta"] = OTHERS["hi"] + " क=k|ɡ ट=ʈ|ɖ त=t|d|ð प=p|b च=s|ʧ ै=aɪ ऐ=aɪ ə=ə|a ə(#)=ə|a"
OTHERS |= dict.fromkeys(("te", "kn", "ml"), OTHERS["hi"] + " ə=ə|a ə(#)=ə|a")

_COLUMNS = "aiɯeo"
_ROWS = {
    "": "あいうえお", "k": "かきくけこ", "ɡ": "がぎぐげご", "s": "さ すせそ", "z": "ざ ずぜぞ", "t": "た  てと", "d": "だ  でど",
    "n": "なにぬねの", "h": "はひ へほ", "b": "ばびぶべぼ", "p": "ぱぴぷぺぽ", "m": "まみむめも", "ɾ": "らりるれろ",
    "j": "や ゆ よ", "w": "わゐ ゑ ",
}
_GLIDED = {"k": "き", "ɡ": "ぎ", "ʃ": "し", "ʤ": "じ", "ʧ": "ち", "n": "に", "h": "ひ", "b": "び", "p": "ぴ", "m": "み", "ɾ": "り"}


def kana() -> str:
    """Return the spelling of hiragana, made from its rows; katakana is turned into it before."""
    cells = [f"{kana}={','.join(filter(None, (consonant, vowel)))}"
             for consonant, row in _ROWS.items() for kana, vowel in zip(row, _COLUMNS, strict=True) if kana != " "]
    glides = [f"{first}{small}={consonant}{'' if consonant in 'ʃʤʧ' else ',j'},{vowel}"
              for consonant, first in _GLIDED.items() for small, vowel in zip("ゃゅょ", "aɯo", strict=True)]
    rest = ("し=ʃ,i? ち=ʧ,i つ=ʦ,ɯ? じ=ʤ,i ぢ=ʤ,i づ=z,ɯ ふ=f|h,ɯ? す=s,ɯ? く=k,ɯ? は=h|w,a へ=h?,e を=o ん=n|ŋ|m? "
            "ん(ばびぶべぼぱぴぷぺぽまみむめも)=m っ= ー= (おこごそぞとどのほぼぽもよょろを)う= (えけげせぜてでねへべぺめれ)い=i? "
            "ゔ=v|b ふぁ=f,a ふぃ=f,i ふぇ=f,e ふぉ=f,o てぃ=t,i でぃ=d,i うぃ=w,i うぇ=w,e うぉ=w,o ちぇ=ʧ,e しぇ=ʃ,e じぇ=ʤ,e "
            "ぁ=a ぃ=i ぅ=ɯ ぇ=e ぉ=o ゃ=j,a ゅ=j,ɯ ょ=j,o")
    return " ".join([*cells, *glides, rest])
