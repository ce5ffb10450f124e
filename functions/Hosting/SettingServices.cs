using Larder.Inference.Limits;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Hosting;

/// <summary>Records of settings as services.</summary>
internal static class SettingServices
{
    /// <summary>Binds a section to a record of settings, checks it at start (unless it is not used), and offers the record itself.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">The section.</param>
    /// <param name="validator">Checks the record.</param>
    /// <param name="complete">Fills in what no setting says.</param>
    /// <param name="isUsed">Whether anything reads the record; null when it is always so.</param>
    public static void AddSetting<T>(
        this IServiceCollection services,
        string section,
        IValidateOptions<T> validator,
        Func<T, IServiceProvider, T>? complete = null,
        Func<IServiceProvider, bool>? isUsed = null)
        where T : class
    {
        services.AddSingleton(new SettingSection(section, typeof(T)));
        services.AddSingleton<IValidateOptions<T>>(provider => new UsedSettings<T>(section, validator, () => isUsed?.Invoke(provider) ?? true));
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton(provider =>
        {
            var bound = provider.GetRequiredService<IOptions<T>>().Value;
            return complete is null ? bound : complete(bound, provider);
        });
    }

    private sealed class UsedSettings<T>(string section, IValidateOptions<T> validator, Func<bool> isUsed) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options) =>
            !isUsed() ? ValidateOptionsResult.Skip
            : validator.Problems(section, options) is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems)
            : ValidateOptionsResult.Success;
    }
}

/// <summary>A section of the configuration: what can be set there, with its defaults and bounds. docs/reference/settings.md is made of these.</summary>
/// <param name="Name">The section: <c>Limits:Image</c>. Several records may share one.</param>
/// <param name="Record">The record that it is bound to.</param>
internal sealed record SettingSection(string Name, Type Record);
