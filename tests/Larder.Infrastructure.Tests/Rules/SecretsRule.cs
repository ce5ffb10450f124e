using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>Parameters that are secrets are secure and have no default; outputs hold none, not even on a detour.</summary>
internal sealed partial class SecretsRule : IRule
{
    public IEnumerable<Finding> Check(BicepFile file, Sources sources) => Parameters(file).Concat(file.All<OutputDeclaration>().SelectMany(output => Output(file, output)));

    private static IEnumerable<Finding> Parameters(BicepFile file)
    {
        foreach (var parameter in file.All<ParameterDeclaration>())
        {
            var secure = parameter.Decorator("secure") is not null;
            var text = parameter.Type is "string" or "object" || file.IsParameters;
            if (text && !secure && SecretName().IsMatch(parameter.Name))
                yield return new(parameter.At, file.IsParameters ? $"'{parameter.Name}' is a secret: it does not belong into a file" : $"'{parameter.Name}' must be @secure()");
            if (secure && parameter.Default is not (null or StringExpression { Texts: [""] } or CallExpression { Function: "newGuid" }))
                yield return new(parameter.At, $"'{parameter.Name}' is secure: its default would be in the template for all to read");
        }
    }

    private static IEnumerable<Finding> Output(BicepFile file, OutputDeclaration output)
    {
        if (SecretName().IsMatch(output.Name))
            yield return new(output.At, $"the output '{output.Name}' is called as a secret is");
        foreach (var expression in file.Reached(output.Content))
        {
            switch (expression)
            {
                case CallExpression call when call.Function.StartsWith("list", StringComparison.Ordinal) || call.Function == "getSecret":
                    yield return new(output.At, $"the output '{output.Name}' shows what {call.Function}() gets");
                    break;
                case MemberExpression member when SecretName().IsMatch(member.Member):
                    yield return new(output.At, $"the output '{output.Name}' shows '{member.Member}'");
                    break;
                case NameExpression name when file.All<ParameterDeclaration>().Any(parameter => parameter.Name == name.Name && parameter.Decorator("secure") is not null):
                    yield return new(output.At, $"the output '{output.Name}' shows the secure parameter '{name.Name}'");
                    break;
            }
        }
    }

    [GeneratedRegex("password|pwd$|secret|credential|connectionString|instrumentationKey|(access|account|api|function|host|master|primary|secondary|shared|storage|system)_?keys?|^keys?$|token$|sas$|sasUr[il]", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
