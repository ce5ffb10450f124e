using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Where a functions application begins.</summary>
public class FunctionsApplication
{
    /// <summary>
    /// A builder with the host's own configuration: host.json, the <c>Values</c> of local.settings.json, environment variables and
    /// the command line, each before those after it. <c>--port N</c> (<c>-p N</c>) and <c>--urls</c> say where to listen.
    /// </summary>
    /// <param name="args">The command line.</param>
    [MethodImpl(MethodImplOptions.NoInlining)] // or the calling assembly would be the caller's caller
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        StartupErrors.PrintWhenUnhandled();
        return new FunctionsApplicationBuilder(args, new EmbeddedHostOptions
        {
            FunctionAssembly = FunctionIndex.ChooseRoot(Assembly.GetEntryAssembly(), Assembly.GetCallingAssembly()),
        });
    }

    /// <summary>A builder whose surroundings the caller chooses: for tests, many of which share a process.</summary>
    internal static FunctionsApplicationBuilder CreateBuilder(string[] args, EmbeddedHostOptions options) => new(args, options);
}
