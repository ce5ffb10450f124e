using Larder.Host.Functions;
using Larder.Host.Http;

namespace Larder.Host.Hosting;

/// <summary>What the host prints when it is ready.</summary>
/// <param name="output">Where to.</param>
/// <param name="catalog">The functions.</param>
/// <param name="addresses">What it listens on; the first is shown.</param>
/// <param name="hasGrpc">Whether the last of them is for gRPC, and shown too.</param>
internal sealed class ReadyLines(TextWriter output, FunctionCatalog catalog, IEnumerable<string> addresses, bool hasGrpc)
{
    private readonly string _address = Shown(addresses.First());
    private readonly string? _grpc = hasGrpc ? Shown(addresses.Last()) : null;

    /// <summary>The functions by name as Core Tools print them, those of HTTP first and disabled ones last, then one line with the address.</summary>
    public void PrintFunctions()
    {
        var lines = catalog.Functions
            .OrderBy(function => function.Binding is HttpTriggerBinding ? 0 : 1)
            .Select(function => $"{function.Name}: {function.Binding.Describe(_address)}")
            .Concat(catalog.Disabled.Select(name => $"{name}: disabled by the setting AzureWebJobs.{name}.Disabled"))
            .ToList();
        if (lines.Count > 0)
            output.WriteLine($"{Environment.NewLine}Functions:{Environment.NewLine}");
        foreach (var line in lines)
            output.WriteLine($"\t{line}{Environment.NewLine}");

        output.WriteLine($"Host started: {_address}");
        output.Flush();
    }

    /// <summary>Address, help, data, what is disabled and how to stop: for an application with a help page of its own.</summary>
    /// <param name="helpPath">The path of that page.</param>
    /// <param name="data">Where the emulated storage has its data; null when storage is an account.</param>
    public void PrintSummary(string helpPath, string? data)
    {
        output.WriteLine($"Host started: {_address}");
        output.WriteLine($"  help: {_address}{helpPath}");
        if (_grpc is not null)
            output.WriteLine($"  gRPC: {_grpc}");
        if (data is not null)
            output.WriteLine($"  data: {data}");
        if (catalog.Disabled.Count > 0)
            output.WriteLine($"  disabled by settings: {string.Join(", ", catalog.Disabled)}");
        output.WriteLine("  stop: Ctrl-C");
        output.Flush();
    }

    private static string Shown(string address) => address.Replace("[::]", "localhost").Replace("0.0.0.0", "localhost").TrimEnd('/');
}
