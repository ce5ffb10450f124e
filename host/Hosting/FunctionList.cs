using Larder.Host.Functions;
using Larder.Host.Http;

namespace Larder.Host.Hosting;

/// <summary>What the host prints when it is ready, as Core Tools print it.</summary>
internal static class FunctionList
{
    /// <summary>The functions by name, those of HTTP first and disabled ones last, then one line with the address.</summary>
    public static void Print(TextWriter output, FunctionCatalog catalog, IEnumerable<string> addresses)
    {
        var address = addresses.First().Replace("[::]", "localhost").Replace("0.0.0.0", "localhost").TrimEnd('/');
        var lines = catalog.Functions
            .OrderBy(function => function.Binding is HttpTriggerBinding ? 0 : 1)
            .Select(function => $"{function.Name}: {function.Binding.Describe(address)}")
            .Concat(catalog.Disabled.Select(name => $"{name}: disabled by the setting AzureWebJobs.{name}.Disabled"))
            .ToList();
        if (lines.Count > 0)
            output.WriteLine($"{Environment.NewLine}Functions:{Environment.NewLine}");
        foreach (var line in lines)
            output.WriteLine($"\t{line}{Environment.NewLine}");

        output.WriteLine($"Host started: {address}");
        output.Flush();
    }
}
