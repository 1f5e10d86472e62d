package activitylog

// Space returns one of the store's spaces, for packages that keep computed state behind the log. Names that begin with
// "activitylog/" belong to this module. Without the capability the error wraps errors.ErrUnsupported.
func (l *Log) Space(name string) (Space, error) {
	if l.can.spacer == nil {
		return nil, unsupported("keep computed state")
	}
	if name == "" {
		return nil, invalid("a space needs a name")
	}
	return l.can.spacer.Space(name), nil
}
