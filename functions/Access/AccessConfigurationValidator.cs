using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Access;

/// <summary>
/// Makes the host read who may do what before it serves anything: a function that does not say who may call it, or a wrong setting, keeps it from starting.
/// </summary>
internal sealed partial class AccessConfigurationValidator : IHostedService
{
    /// <summary>What it asks for checks itself when it is made, and is made with it.</summary>
    public AccessConfigurationValidator(RoleRequirements functions, CallerResolver callers, AccessOptions options, ILogger<AccessConfigurationValidator> logger)
    {
        _ = functions;
        if (options.ClientPrincipal && !callers.BelievesPrincipals)
            LogIgnored(logger);
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Warning, "Access:ClientPrincipal is on, but App Service Authentication is off: signing in gives no role.")]
    private static partial void LogIgnored(ILogger logger);
}
