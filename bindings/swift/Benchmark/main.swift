import Selfsame
print(buildId())
