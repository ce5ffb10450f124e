namespace Larder.Tracking.Runs;

/// <summary>Names of runs that were given none, as MLflow makes them: an adjective, an animal and a number up to 1000, 20 characters at most.</summary>
internal static class RunNames
{
    private const int MaxLength = 20;
    private const int Numbers = 1001;

    private static readonly string[] Adjectives =
    [
        "able", "alert", "apt", "bold", "brave", "bright", "brisk", "calm", "clean", "clear", "clever", "cool", "crisp", "dapper", "deft", "eager", "early", "even", "fair",
        "fast", "fine", "firm", "fleet", "fond", "free", "fresh", "gentle", "glad", "grand", "great", "hardy", "honest", "jolly", "keen", "kind", "light", "lively", "loyal",
        "lucid", "merry", "mild", "neat", "nice", "noble", "open", "plain", "polite", "proud", "quick", "quiet", "rapid", "ready", "serene", "sharp", "silent",
        "smart", "smooth", "sober", "solid", "sound", "spry", "stable", "steady", "still", "strong", "sunny", "sure", "swift", "tidy", "trim", "true", "warm", "wise", "witty",
    ];

    private static readonly string[] Animals =
    [
        "adder", "badger", "bear", "beaver", "bee", "bison", "boar", "buck", "carp", "cat", "colt", "coot", "crab", "crane", "cricket", "crow", "deer", "dog", "dove", "duck",
        "eagle", "egret", "elk", "falcon", "ferret", "finch", "fox", "frog", "goat", "goose", "grouse", "gull", "hare", "hawk", "heron", "horse", "ibis", "jay", "kestrel",
        "kite", "koala", "lark", "lemur", "linnet", "lion", "lynx", "magpie", "marmot", "marten", "mole", "moose", "newt", "oriole", "otter", "owl", "panda", "perch", "pike",
        "puffin", "quail", "rabbit", "raven", "robin", "salmon", "seal", "shrew", "snipe", "sparrow", "stork", "swan", "swift", "tapir", "tern", "thrush", "tiger", "toad",
        "trout", "viper", "vole", "walrus", "whale", "wolf", "wren", "yak", "zebra",
    ];

    public static string New()
    {
        var name = $"{Random.Shared.GetItems(Adjectives, 1)[0]}-{Random.Shared.GetItems(Animals, 1)[0]}-{Random.Shared.Next(Numbers)}";
        return name.Length <= MaxLength ? name : New();
    }
}
