namespace Larder.Host;

/// <summary>What the host prints when it is ready, as Core Tools print it.</summary>
internal static class FunctionList
{
    /// <summary>The functions by name, those of HTTP first, then one line with the address.</summary>
    public static void Print(TextWriter output, IReadOnlyList<HostFunction> functions, IEnumerable<string> addresses)
    {
        var address = addresses.First().Replace("[::]", "localhost").Replace("0.0.0.0", "localhost").TrimEnd('/');
        if (functions.Count > 0)
        {
            output.WriteLine();
            output.WriteLine("Functions:");
            output.WriteLine();
        }

        foreach (var function in functions.OrderBy(function => function.Binding.Type == "httpTrigger" ? 0 : 1))
        {
            output.WriteLine($"\t{function.Name}: {function.Binding.Describe(address)}");
            output.WriteLine();
        }

        output.WriteLine($"Host started: {address}");
        output.Flush();
    }
}
