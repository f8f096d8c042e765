"""How letters sound in languages of Latin script; see `spelling` for the way it is written.

Good enough to find words in a sound, not to speak them: stress, length and tone are left out, and
what a whole class of phones blurs anyway (voicing at the end of a word, open and close vowels).
"""

LATIN = ("a=a b=b c=k d=d e=e f=f g=ɡ h=h i=i j=j k=k l=l m=m n=n n(kgq)=ŋ|n o=o p=p q=k r=r s=s t=t u=u v=v w=v x=k,s y=i z=z "
         "æ=ɛ œ=ø ø=ø ß=s þ=θ ð=ð ł=w đ=d ı=ɯ ŋ=ŋ")
"""What a letter sounds like where the language says nothing else."""

_SLAVIC = "č=ʧ ć=ʨ š=ʃ ž=ʒ c=ʦ h=x"
_CZECH = (_SLAVIC + " ch=x h=ɦ|x ř=r|ʒ ď=ɟ|d,j? ť=c|t,j? ň=ɲ ě=j?,ɛ dě=ɟ|d,j?,ɛ tě=c|t,j?,ɛ ně=ɲ,ɛ mě=m,ɲ|j,ɛ dz=ʣ dž=ʤ ů=u ý=i "
          "e=ɛ ě=j?,ɛ ou=oʊ au=aʊ ni=ɲ,i ní=ɲ,i")

TABLES: dict[str, str] = {
    "es": "c(eiéí)=θ|s z=θ|s ch=ʧ cc=k,θ|s ll=ʎ|j ñ=ɲ j=x g(eiéí)=x gu(eiéí)=ɡ gü=ɡ,w qu=k h= v=b y=j y(#)=i "
          "hu(aeé)=w x=k?,s d(#)=d? i(aeoáéó)=j u(aeioáéíó)=w ps(V)=s",
    "it": "c(eièéì)=ʧ ci(V)=ʧ cc(eièé)=ʧ cci(aouò)=ʧ ch=k g(eièéì)=ʤ gi(V)=ʤ gg(eièé)=ʤ ggi(aouò)=ʤ gh=ɡ "
          "gli=ʎ,i gli(aeou)=ʎ gn=ɲ sc(eièé)=ʃ sci(aouò)=ʃ z=ʦ|ʣ zz=ʦ|ʣ qu=k,w cqu=k,w h= i(aeouèò)=j u(aeioèòì)=w "
          "(V)s(V)=z|s",
    "pt": "ch=ʃ lh=ʎ nh=ɲ ç=s c(eiéíê)=s g(eiéíê)=ʒ j=ʒ qu(eiéíê)=k gu(eiéíê)=ɡ rr=ʁ|h|r (#)r=ʁ|h|r r(#)=ɾ? h= x=ʃ|s|z "
          "ss=s (V)s(V)=z s(#)=s|ʃ am(#)=ɐ,ʊ? em(#)=e,ɪ? im(#)=i om(#)=o um(#)=u ã=ɐ ão=ɐ,ʊ ãos=ɐ,ʊ,s|ʃ õe=o,ɪ ães=ɐ,ɪ,s|ʃ "
          "(V)n(C)=n? d(ií)=d|ʤ t(ií)=t|ʧ de(#)=d|ʤ,i? te(#)=t|ʧ,i? o(#)=u os(#)=u,s|ʃ e(#)=i? es(#)=i?,s|ʃ l(C#)=l|w "
          "a=a|ɐ i(aoáó)=j z(#)=s|ʃ (#)e(#)=i|e",
    "fr": "eau=o au=o ou=u où=u oi=w,a oî=w,a oin=w,ɛ ai=ɛ aî=ɛ ay=ɛ,j? ei=ɛ eu=ø œu=ø œ=ø eui=ø,j ueil=ø,j ail=a,j aill=a,j "
          "eil=ɛ,j eill=ɛ,j ill=i,j (#)ill=i,l ville=v,i,l mille=m,i,l ouill=u,j ch=ʃ gn=ɲ qu=k ph=f th=t ç=s c(eiyéèê)=s "
          "sc(eiyéèê)=s g(eiyéèê)=ʒ ge(aou)=ʒ gu(eiyéèê)=ɡ j=ʒ h= é=e è=ɛ ê=ɛ ë=ɛ à=a â=a î=i ï=i ô=o û=y ù=y u=y y=i "
          "an(C#)=ɑ am(pb)=ɑ en(C#)=ɑ em(pb)=ɑ ann=a,n enn=ɛ,n emm=a|ɛ,m amm=a,m in(C#)=ɛ im(pb)=ɛ inn=i,n imm=i,m "
          "ain(C#)=ɛ aim(C#)=ɛ ein(C#)=ɛ yn(C#)=ɛ ym(pb)=ɛ on(C#)=ɔ om(pb)=ɔ onn=ɔ,n omm=ɔ,m un(C#)=ø|ɛ um(pb)=ø|ɛ unn=y,n "
          "ien(C#)=j,ɛ éen(C#)=e,ɛ tion=s,j,ɔ tions=s,j,ɔ tionn=s,j,ɔ,n (V)s(V)=z ss=s x=k?,s|z|ɡ e=ə|ɛ? e(#)=ə? es(#)=ə? "
          "ent(#)=ɑ? et(#)=ɛ (#)et(#)=e (#)est(#)=ɛ er(#)=e,ʁ? ers(#)=ɛ,ʁ ez(#)=e (#)les(#)=l,e (#)des(#)=d,e (#)ces(#)=s,e "
          "(#)mes(#)=m,e (#)ses(#)=s,e (#)tes(#)=t,e (#)le(#)=l,ə (#)de(#)=d,ə? (#)je(#)=ʒ,ə? (#)ne(#)=n,ə? (#)me(#)=m,ə? "
          "(#)que(#)=k,ə? (#)se(#)=s,ə? (#)ce(#)=s,ə? d(#)= t(#)= s(#)= x(#)= z(#)= p(#)= ts(#)= ds(#)= ps(#)= g(#)= "
          "i(aeoéè)=j ui=w,i r=ʁ",
    "de": "sch=ʃ tsch=ʧ ch=x|ç (aouAOU)ch=x chs=k,s (#)ch=k|ç|ʃ ck=k ei=aɪ ai=aɪ ey=aɪ ay=aɪ ie=i eu=ɔɪ äu=ɔɪ au=aʊ ä=ɛ ö=ø ü=y "
          "y=y|i ß=s z=ʦ tz=ʦ zz=ʦ s(V)=z|s ss=s (#)st=ʃ,t (#)sp=ʃ,p v=f|v w=v qu=k,v ph=f th=t (V)h= h=h ng=ŋ nk=ŋ,k er(#)=ɐ "
          "ern(#)=ɐ,n ers(#)=ɐ,s (#)er(#)=ɛ,ɐ (#)der(#)=d,ɛ|e,ɐ (#)den(#)=d,e,n e=ɛ|e e(#)=ə en(#)=ə?,n el(#)=ə?,l eln(#)=ə?,l,n em(#)=ə?,m es(#)=ə,s et(#)=ə,t "
          "r=ʁ r(C#)=ɐ|ʁ? pf=p?,f ig(#)=ɪ,ç|k tion=ʦ,j,o,n dt=t x=k,s",
    "nl": "sch=s,x sch(#)=s ch=x g=x|ɣ ij=ɛɪ ei=ɛɪ ui=œy ou=aʊ au=aʊ ouw=aʊ auw=aʊ oe=u eu=ø ie=i uu=y aa=a ee=e oo=o u=ʏ|y "
          "uw=y,ʋ eeuw=e,u ieuw=i,u a=ɑ|a e=ɛ|ə|e o=ɔ|o i=ɪ w=ʋ v=v|f z=z|s tj=ʧ sj=ʃ ng=ŋ nk=ŋ,k en(#)=ə,n? e(#)=ə er(#)=ə,ʁ? "
          "el(#)=ə,l c(ei)=s y=i lijk(#)=l,ə,k ig(#)=ə,x th=t",
    "sv": "sj=ɧ skj=ɧ stj=ɧ sch=ɧ sk(eiyäö)=ɧ|s tj=ɕ kj=ɕ (#)k(eiyäö)=ɕ (#)g(eiyäö)=j gj=j (#)dj=j (#)lj=j (#)hj=j rs=ʂ "
          "å=o|ɔ ä=ɛ ö=ø o=u|o|ɔ u=ʉ|ɵ y=y c(eiy)=s ck=k ng=ŋ gn=ŋ,n nk=ŋ,k tion=ɧ,u,n x=k,s z=s e=e|ɛ|ə (#)och(#)=ɔ,k? "
          "(#)jag(#)=j,ɑ,ɡ? (#)det(#)=d,e (#)är(#)=ɛ,r?",
    "no": "skj=ʃ sj=ʃ sk(iy)=ʃ kj=ç tj=ç (#)k(iy)=ç (#)g(iy)=j gj=j hj=j hv=v rs=ʃ å=o|ɔ ø=ø æ=æ|ɛ o=u|o|ɔ u=ʉ y=y ng=ŋ nk=ŋ,k "
          "c(eiy)=s e=e|ɛ|ə ei=æɪ øy=œy au=æʉ eg(#)=æɪ (#)og(#)=o (#)det(#)=d,e d(#)=d? t(#)=t?",
    "da": "å=ɔ æ=ɛ ø=ø y=y (V)d(V#)=ð? (V)g(V#)=j|w? (V)v(#C)=ʊ? hv=v hj=j nd=n ld=l rd=ʁ e=ə|e|ɛ e(#)=ə? er(#)=ɐ en(#)=ə?,n "
          "et(#)=ə?,ð r=ʁ r(C#)=ɐ? ng=ŋ nk=ŋ,k sj=ʃ tj=ʧ c(eiy)=s u=u|o o=o|ɔ i=i|e (#)og(#)=ɔ eg(#)=aɪ ej=aɪ øj=ɔɪ",
    "pl": "sz=ʃ cz=ʧ rz=ʒ|ʃ ż=ʒ|ʃ ź=ʑ ś=ɕ ć=ʨ ń=ɲ dź=ʥ dż=ʤ dz=ʣ si(V)=ɕ si=ɕ,i ci(V)=ʨ ci=ʨ,i zi(V)=ʑ zi=ʑ,i ni(V)=ɲ ni=ɲ,i "
          "dzi(V)=ʥ dzi=ʥ,i ch=x h=x c=ʦ w=v|f ł=w ó=u ą=ɔ,n|w? ą(pb)=ɔ,m ą(kg)=ɔ,ŋ ę=ɛ,n|w? ę(pb)=ɛ,m ę(kg)=ɛ,ŋ ę(#)=ɛ y=ɨ "
          "e=ɛ o=ɔ i(V)=j",
    "cs": _CZECH, "sk": _CZECH + " ľ=ʎ ĺ=l ŕ=r ä=ɛ ô=w,o e=ɛ ia=j,a ie=j,ɛ iu=j,u",
    "hr": _SLAVIC + " đ=ʥ dž=ʤ lj=ʎ nj=ɲ", "sl": _SLAVIC + " v(C#)=ʊ lj=l,j? nj=n,j?",
    "hu": "cs=ʧ ccs=ʧ sz=s ssz=s zs=ʒ s=ʃ gy=ɟ|ʤ|d ggy=ɟ|ʤ|d ty=c|ʧ|t tty=c|ʧ|t ny=ɲ nny=ɲ ly=j lly=j c=ʦ cc=ʦ dz=ʣ dzs=ʤ ö=ø ő=ø "
          "ü=y ű=y a=ɒ|ɑ á=a e=ɛ é=e ch=x y=i",
    "ro": "ă=ə â=ɨ î=ɨ ș=ʃ ş=ʃ ț=ʦ ţ=ʦ c(ei)=ʧ ci(aou)=ʧ ce(a)=ʧ ch=k g(ei)=ʤ gi(aou)=ʤ ge(a)=ʤ gh=ɡ i(#)=i? j=ʒ (#)e=j?,e "
          "ea=e,a oa=w|o,a i(aeou)=j u(aăeâî)=w",
    "tr": "c=ʤ ç=ʧ ş=ʃ ğ= j=ʒ ı=ɯ ö=ø ü=y y=j v=v|w â=a î=i", "az": "c=ʤ ç=ʧ ş=ʃ ğ=ɣ j=ʒ ı=ɯ ö=ø ü=y y=j ə=æ x=x q=ɡ",
    "fi": "ä=æ ö=ø y=y å=o v=ʋ nk=ŋ,k ng=ŋ z=t,s š=ʃ", "et": "õ=ɤ ä=æ ö=ø ü=y š=ʃ ž=ʒ nk=ŋ,k ng=ŋ,ɡ",
    "id": "c=ʧ j=ʤ ng=ŋ ngg=ŋ,ɡ ny=ɲ sy=ʃ kh=x y=j w=w e=ə|e|ɛ k(#)=k|ʔ? h(#)=h? ai(#)=aɪ au(#)=aʊ",
    "tl": "ng=ŋ (#)ng(#)=n,a,ŋ (#)mga(#)=m,a,ŋ,a y=j w=w j=ʤ ch=ʧ ñ=ɲ",
    "sw": "ch=ʧ j=ʤ ng'=ŋ ng=ŋ,ɡ ny=ɲ sh=ʃ th=θ dh=ð gh=ɣ kh=x y=j w=w",
    "ca": "ç=s c(eiéèí)=s g(eiéèí)=ʒ j=ʒ ll=ʎ ny=ɲ ix=ʃ x=ʃ tx=ʧ ig(#)=ʧ tg(ei)=ʤ tj=ʤ qu(eiéèí)=k gu(eiéèí)=ɡ qu=k,w h= v=b "
          "ss=s (V)s(V)=z a=a|ə e=e|ɛ|ə o=o|ɔ|u r(#)=r? i(aeo)=j nt(#)=n,t? nts(#)=n,s",
    "lt": "č=ʧ š=ʃ ž=ʒ c=ʦ ch=x dž=ʤ dz=ʣ ė=e ę=ɛ e=ɛ į=i y=i ų=u ū=u ą=a i(aąouųū)=",
    "lv": "č=ʧ š=ʃ ž=ʒ c=ʦ dž=ʤ dz=ʣ ķ=c ģ=ɟ ļ=ʎ ņ=ɲ e=ɛ|æ o=w?,ɔ|o ie=ɪ,ə", "eo": "ĉ=ʧ ĝ=ʤ ĥ=x ĵ=ʒ ŝ=ʃ ŭ=w c=ʦ",
    "vi": "oa=w,a oe=w,ɛ uy=w,i uâ=w,ə uê=w,e ph=f th=t kh=x ch=ʧ tr=ʧ nh=ɲ ng=ŋ ngh=ŋ gi=z|j gi(V)=z|j gh=ɡ d=z|j x=s s=s|ʃ qu=k,w ă=a â=ə ơ=ə ư=ɯ ê=e e=ɛ ô=o o=ɔ "
          "ươ=ɯ,ə iê=i,ə yê=i,ə uô=u,ə p(#)=p t(#)=t c(#)=k",
    "en": "sh=ʃ ch=ʧ tch=ʧ th=θ|ð ph=f wh=w ck=k ng=ŋ qu=k,w x=k,s c(eiy)=s g(eiy)=ʤ|ɡ j=ʤ y=i (#)y=j w=w r=ɹ er=ɚ ee=i ea=i oo=u "
          "ou=aʊ ow=aʊ|oʊ ai=eɪ ay=eɪ oa=oʊ oi=ɔɪ igh=aɪ e=ɛ e(#)= a=æ|eɪ|ə i=ɪ|aɪ o=ɑ|oʊ u=ʌ|u kn=n",
}  # fmt: skip
"""Language -> its spelling; where a language is not listed, letters sound as in `LATIN`."""
