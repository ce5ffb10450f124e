using System.Reflection;

namespace Larder.Samples.Tests;

/// <summary>Where the samples are.</summary>
internal static class Samples
{
    private static readonly string Folder = typeof(Samples).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "Samples").Value!;

    public static string Path(params string[] parts) => System.IO.Path.Combine([Folder, .. parts]);
}
