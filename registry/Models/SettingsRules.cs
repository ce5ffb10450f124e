using Larder.Inference;

namespace Larder.Registry;

/// <summary>Refuses settings that no model could be served with, before they are stored.</summary>
internal static class SettingsRules
{
    private const int MaxThreads = 256;
    private const int MaxRows = 65_536;
    private static readonly string[] Optimizations = ["none", "basic", "extended", "all"];

    public static void Validate(ModelSettings settings)
    {
        // JSON can say null where the type does not.
        Require(settings.Session is not null && settings.Batching is not null && settings.Image is not null, "session, batching and image cannot be null");
        var (session, batching) = (settings.Session!, settings.Batching!);
        Require(session.IntraOpThreads is null or (>= 1 and <= MaxThreads), $"session.intra_op_threads is 1 to {MaxThreads}, or null");
        Require(Optimizations.Contains(session.Optimization), $"session.optimization is one of {string.Join(", ", Optimizations)}");
        Require(batching.MaxRows is >= 1 and <= MaxRows, $"batching.max_rows is 1 to {MaxRows}");
        try
        {
            settings.Image!.Validate();
        }
        catch (InvalidSettingsException e)
        {
            throw new InvalidRequestException(e.Message);
        }
    }

    private static void Require(bool condition, string rule)
    {
        if (!condition)
            throw new InvalidRequestException($"The settings cannot be used: {rule}.");
    }
}
